"""The devices behind the engine: the real one (`zimage`) and the shipped fake (`fake`)."""
