import torch
import torch.nn as nn


class AbsPosEmb(nn.Module):
    def __init__(self, fmap_size, dim_head):
        super().__init__()
        height, width = fmap_size
        scale = dim_head**-0.5
        self.height = nn.Parameter(torch.randn(height, dim_head) * scale)
        self.width = nn.Parameter(torch.randn(width, dim_head) * scale)

    def forward(self, q):
        emb = self.height[:, None, :] + self.width[None, :, :]
        emb = emb.flatten(0, 1)
        return torch.einsum("bhid,jd->bhij", q, emb)


class BoTMHSA(nn.Module):
    """lucidrains"""

    def __init__(self, dim, fmap_size, heads=4):
        super().__init__()
        self.heads = heads
        dim_head = dim // heads
        self.scale = dim_head**-0.5
        self.to_qkv = nn.Conv2d(dim, heads * dim_head * 3, 1, bias=False)
        self.pos_emb = AbsPosEmb(fmap_size, dim_head)

    def forward(self, fmap):
        b, _c, h, w = fmap.shape
        q, k, v = self.to_qkv(fmap).chunk(3, dim=1)
        q, k, v = (t.reshape(b, self.heads, -1, h * w).transpose(2, 3) for t in (q, k, v))
        q = q * self.scale
        sim = torch.einsum("bhid,bhjd->bhij", q, k)
        sim = sim + self.pos_emb(q)
        attn = sim.softmax(dim=-1)
        out = torch.einsum("bhij,bhjd->bhid", attn, v)
        return out.transpose(2, 3).reshape(b, -1, h, w)
