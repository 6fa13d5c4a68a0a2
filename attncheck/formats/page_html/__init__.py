"""What the HTML report is made of: views of the report, figures as SVG, templates."""
