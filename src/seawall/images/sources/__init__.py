"""One module a kind of place that images come from."""

from seawall.images.sources.archive import open_docker_archive, open_oci_archive
from seawall.images.sources.container import open_container
from seawall.images.sources.contract import Inspect, LayerReading, OpenImage, Source
from seawall.images.sources.directory import open_directory
from seawall.images.sources.docker_daemon import open_docker_image
from seawall.images.sources.oci_directory import open_oci_directory
from seawall.images.sources.registry import open_registry_image

SOURCES: dict[str, Source] = {
    "docker": open_docker_image,
    "registry": open_registry_image,
    "container": open_container,
    "docker-archive": open_docker_archive,
    "oci-archive": open_oci_archive,
    "oci-dir": open_oci_directory,
    "dir": open_directory,
}

__all__ = ["SOURCES", "Inspect", "LayerReading", "OpenImage", "Source"]
