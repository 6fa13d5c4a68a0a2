"""Figures as inline SVG, each with the numbers that it draws: a table stands under every one."""
