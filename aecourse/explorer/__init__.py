"""The latent explorer: a page in which a pointer on the plane of codes is decoded, without a kernel."""

from aecourse.explorer.page import LatentExplorer, latent_explorer

__all__ = ["LatentExplorer", "latent_explorer"]
