"""What the content of files tells: secrets, malware, files that are not what their package brought.

``contract`` says what a detector is; ``secrets`` and ``malware`` are two.
"""
