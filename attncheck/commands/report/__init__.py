"""What ``attncheck report`` does with report files: read, merge and compare them; no torch."""

from __future__ import annotations
