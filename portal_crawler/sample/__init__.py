"""The sample province: five department portals on loopback that keep their own truth."""
