"""Networks trained with SGD, Adam and RMSProp: does the linear prediction carry over?

The *observed* kind of evidence: optimizers × seeds on image data, Gaussian noise, adversarial
attacks, Lipschitz bounds and frequency bands.
"""
