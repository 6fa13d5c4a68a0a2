"""A spec takes over what its family says and does not say itself."""

from __future__ import annotations

from typing import Any

import msgspec

from attncheck.spec.document import SpecDocument


def inherit(document: SpecDocument, family: SpecDocument) -> SpecDocument:
    """Return the document with its family's calls, layouts, dims, domain, names and claims.

    What the document says wins. ``waives`` turns an inherited claim into advice with the
    document's reason; ``drops`` leaves it out.
    """
    claims: dict[str, dict[str, Any]] = {}
    for name, parameters in family.claims.items():
        if name in document.drops:
            continue
        if name in document.waives:
            parameters = {**parameters, "advice": True, "why": document.waives[name]}
        claims[name] = parameters
    for name, parameters in document.claims.items():
        claims[name] = parameters
    return msgspec.structs.replace(
        document,
        calls=document.calls or family.calls,
        output=document.output or family.output,
        layouts=document.layouts or family.layouts,
        dims={**family.dims, **document.dims},
        domain={**family.domain, **document.domain},
        names={**family.names, **document.names},
        options={**family.options, **document.options},
        claims=claims,
    )
