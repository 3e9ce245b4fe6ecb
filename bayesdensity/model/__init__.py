"""The joint PyMC model: `build.build_model` assembles the blocks of the other modules."""
