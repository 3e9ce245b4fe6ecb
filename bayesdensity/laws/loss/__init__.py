"""Loss laws, one a file, each written at the centre of the runs it is fitted to.

Every formula works alike on floats, NumPy arrays, xarray objects and PyTensor variables. A further law is a file in
this folder and nothing else (and its source in ``data/references.bib``, if it is new there)::

    BITS = Variable("b", "bits", "bits", "number of bits", "bits", default=lambda run: 16 * run["params"])

    @dataclass(frozen=True)
    class Bits(Law):
        exponent: Number

        name, title, formula = "bits", "a power law of the bits of all parameters", "L = K B^-gamma"
        source, variables = "Who et al. 2027, arXiv 2701.00001, equation 1", (BITS,)
        coordinates, exponents = {"elasticity": terms.SIZE_ELASTICITY}, {"exponent": terms.SIZE_EXPONENT}
        elasticities = {"exponent": "elasticity"}

        @classmethod
        def weights(cls, coordinates):
            return {"exponent": 1.0}

        @classmethod
        def from_coordinates(cls, log_loss_centre, coordinates):
            return cls(log_loss_centre, coordinates["elasticity"])

        def relative(self, x):
            return terms.power(1.0, self.exponent, x["b"])

        def natural(self, centre):
            level = np.exp(self.log_loss_centre)
            return {"K": terms.amplitude(level, 1.0, self.exponent, centre["b"]), "gamma": self.exponent}

        def inverse(self, loss, x):
            return terms.power_inverse(loss / np.exp(self.log_loss_centre), self.exponent)

The column of a variable without a default has to be in the schema of reference runs, `bayesdensity.data.schemas`.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from bayesdensity.laws.loss.law import LadderLaw, Law
from bayesdensity.laws.loss.variables import Variable


def _laws() -> dict[str, type[Law]]:
    """Laws of the files of this folder by name: of two variables, of more, and of one."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    members = [value for module in modules for value in vars(module).values() if _is_law(value, module.__name__)]
    return {law.name: law for law in sorted(members, key=lambda law: (len(law.reads) == 1, len(law.reads)))}


def _is_law(value: object, module: str) -> bool:
    return isinstance(value, type) and issubclass(value, Law) and value.__module__ == module and hasattr(value, "name")


LAWS: dict[str, type[Law]] = _laws()
"""Every law by its name."""
LADDER_LAWS: dict[str, type[LadderLaw]] = {name: law for name, law in LAWS.items() if issubclass(law, LadderLaw)}
"""Those that the reference of a joint study can have."""
VARIABLES: dict[str, Variable] = {variable.letter: variable for law in LAWS.values() for variable in law.variables}
"""Every variable that a law reads by its letter."""
