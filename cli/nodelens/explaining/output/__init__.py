"""Explanations as files: overlays, figures, raw maps, manifests."""
