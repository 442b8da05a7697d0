"""Names that nobody bears by intention: drawn from common surnames and given names."""

import numpy as np

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华建红玲波辉鹏宇欣怡晨阳"


def names(generator: np.random.Generator, count: int) -> list[str]:
    """`count` names of two or three characters."""
    surnames = generator.integers(0, len(SURNAMES), count)
    first = generator.integers(0, len(GIVEN), count)
    second = generator.integers(-len(GIVEN) // 2, len(GIVEN), count)  # a third has one character
    return [
        SURNAMES[s] + GIVEN[f] + (GIVEN[g] if g >= 0 else "")
        for s, f, g in zip(surnames.tolist(), first.tolist(), second.tolist(), strict=True)
    ]
