"""What a module's own methods say of its parts; what torch's containers say does not count."""

from torch import Tensor, nn

from attncheck.source.mentions import is_mentioned


class Forgetful(nn.Module):
    """``phi`` is made and never named again."""

    def __init__(self) -> None:
        super().__init__()
        self.theta, self.phi = nn.Conv2d(4, 2, 1), nn.Conv2d(4, 2, 1)
        self.out = nn.Sequential(nn.Conv2d(2, 4, 1), nn.BatchNorm2d(4))

    def forward(self, x: Tensor, with_map: bool = False) -> Tensor:
        return x + self.out(self.theta(x))


class Every(Forgetful):
    def forward(self, x: Tensor, with_map: bool = False) -> Tensor:
        for part in self.children():
            x = part(x)
        return x


def test_a_part_beside_a_container_is_not_mentioned_by_the_container() -> None:
    module = Forgetful()
    assert not is_mentioned(module, "phi.weight")
    assert is_mentioned(module, "theta.weight")
    assert is_mentioned(module, "out.0.weight")


def test_who_walks_all_parts_means_each() -> None:
    assert is_mentioned(Every(), "phi.weight")
