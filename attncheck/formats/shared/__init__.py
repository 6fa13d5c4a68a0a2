"""What several formats need: wording, source excerpts, maps. Words only, nothing is drawn."""
