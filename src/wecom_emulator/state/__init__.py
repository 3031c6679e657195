"""What a corp knows: plain mutable dataclasses, one module per topic, saved and loaded as one JSON document."""
