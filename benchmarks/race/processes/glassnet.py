"""glassnet: which engine trains is the word that the program is started with."""

import sys

import numpy as np

import glassnet as gn
from benchmarks.race.processes import BATCH, EPOCHS, RATE, digits

x, y = digits()
net = gn.Network("64-100-10 relu softmax", random_state=0)
optimizer = gn.Adam(RATE)
engine = sys.argv[1]
net.fit(x, y, epochs=EPOCHS, batch_size=BATCH, optimizer=optimizer, engine=engine, verbose=False)
print(np.mean(np.argmax(net.predict(x), axis=1) == y))
