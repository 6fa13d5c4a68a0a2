from torch import nn


class NonLocalDot(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.theta = nn.Linear(ch, ch // 2)
        self.phi = nn.Linear(ch, ch // 2)
        self.g = nn.Linear(ch, ch // 2)
        self.out = nn.Linear(ch // 2, ch)

    def forward(self, x):
        t = x.flatten(2).mT
        weights = self.theta(t) @ self.phi(t).mT / t.shape[1]
        y = self.out(weights @ self.g(t))
        return x + y.mT.reshape(x.shape)
