import torch
import torch.nn as nn


class NonLocal2d(nn.Module):
    """mmcv: embedded gaussian, scaled"""

    def __init__(self, in_channels, reduction=2, use_scale=False, sub_sample=False):
        super().__init__()
        self.use_scale = use_scale
        self.inter_channels = max(in_channels // reduction, 1)
        self.g = nn.Conv2d(in_channels, self.inter_channels, 1)
        self.conv_out = nn.Conv2d(self.inter_channels, in_channels, 1)
        self.theta = nn.Conv2d(in_channels, self.inter_channels, 1)
        self.phi = nn.Conv2d(in_channels, self.inter_channels, 1)
        self.pool = nn.MaxPool2d(2) if sub_sample else nn.Identity()
        nn.init.zeros_(self.conv_out.weight)
        nn.init.zeros_(self.conv_out.bias)

    def embedded_gaussian(self, theta_x, phi_x):
        pairwise_weight = torch.matmul(theta_x, phi_x)
        if self.use_scale:
            pairwise_weight /= theta_x.shape[-1] ** 0.5
        return pairwise_weight.softmax(dim=-1)

    def forward(self, x):
        n = x.size(0)
        g_x = self.pool(self.g(x)).view(n, self.inter_channels, -1).permute(0, 2, 1)
        theta_x = self.theta(x).view(n, self.inter_channels, -1).permute(0, 2, 1)
        phi_x = self.pool(self.phi(x)).view(n, self.inter_channels, -1)
        w = self.embedded_gaussian(theta_x, phi_x)
        y = torch.matmul(w, g_x).permute(0, 2, 1).reshape(n, self.inter_channels, *x.size()[2:])
        return x + self.conv_out(y)
