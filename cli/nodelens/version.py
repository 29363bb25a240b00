"""The version, known without reading the metadata of the installation."""

VERSION = "0.1.0"
