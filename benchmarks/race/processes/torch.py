"""PyTorch, eager."""

import torch
from torch import nn

from benchmarks.race.processes import BATCH, EPOCHS, RATE, ROWS, digits

rows, classes = digits()
x, y = torch.from_numpy(rows), torch.from_numpy(classes)
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(64, 100), nn.ReLU(), nn.Linear(100, 10))
loss_of = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)
for _ in range(EPOCHS):
    for batch in torch.randperm(ROWS).split(BATCH):
        optimizer.zero_grad()
        loss_of(model(x[batch]), y[batch]).backward()
        optimizer.step()
with torch.no_grad():
    print((model(x).argmax(1) == y).float().mean().item())
