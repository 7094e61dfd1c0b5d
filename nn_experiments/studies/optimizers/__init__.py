"""Chapter 4: do SGD, Adam and RMSProp train networks that differ in robustness?"""
