"""Networks trained with SGD, Adam and RMSProp: does the linear prediction carry over?

This package will hold the *observed* kind of evidence: optimizers x seeds on image data, Gaussian
noise, adversarial attacks, Lipschitz bounds and frequency bands. It has no commands yet.
"""
