from torch import nn


class LastAxisGAM(nn.Module):
    def __init__(self, width, rate=4):
        super().__init__()
        inner = width // rate
        self.conv2 = nn.Conv2d(inner, width, 7, padding=3)
        self.norm2 = nn.BatchNorm2d(width)
        self.conv1 = nn.Conv2d(width, inner, 7, padding=3)
        self.norm1 = nn.BatchNorm2d(inner)
        self.lin1 = nn.Linear(width, inner)
        self.lin2 = nn.Linear(inner, width)

    def forward(self, x):
        t = x.permute(0, 2, 3, 1)
        t = t * self.lin2(self.lin1(t).relu()).sigmoid()
        y = t.permute(0, 3, 1, 2).contiguous()
        s = self.norm2(self.conv2(self.norm1(self.conv1(y)).relu()))
        return y * s.sigmoid()
