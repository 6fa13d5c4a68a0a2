from torch import nn
from torch.nn import functional as F


class Bottleneck(nn.Module):
    def __init__(self, c1, ratio=4):
        super().__init__()
        self.cv1 = nn.Conv2d(c1, c1 // 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(c1 // 2)
        self.cv2 = nn.Conv2d(c1 // 2, c1, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(c1)
        self.fc1 = nn.Linear(c1, c1 // ratio)
        self.fc2 = nn.Linear(c1 // ratio, c1)

    def attend(self, y):
        gate = self.fc2(F.relu(self.fc1(y.mean((2, 3)))))
        return y * gate.sigmoid()[:, :, None, None]

    def forward(self, x):
        y = F.silu(self.bn1(self.cv1(x)))
        y = F.silu(self.bn2(self.cv2(y)))
        return x.add_(self.attend(y))
