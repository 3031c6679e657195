"""Plausible Chinese names and phone numbers, seeded; nobody in particular."""

import random
from typing import Final

SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖"
GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀英霞平刚桂华文辉建国红玉兰梅琳雪婷慧莹倩欣怡子轩浩宇梓涵思远嘉佳晨曦雨泽诗雅俊凯博"
PREFIXES: Final = (
    "130", "131", "132", "133", "135", "136", "137", "138", "139", "150", "151", "152", "157", "158", "159", "177", "180", "182",
    "186", "187", "188", "189",
)  # fmt: skip


def names(count: int, seed: str) -> list[str]:
    """`count` names, some of them shared by several people as in life."""
    draw = random.Random(f"{seed}:names")
    return [draw.choice(SURNAMES) + "".join(draw.sample(GIVEN, draw.choice((1, 2, 2)))) for _ in range(count)]


def phones(count: int, seed: str) -> list[str]:
    """`count` different mobile numbers."""
    draw = random.Random(f"{seed}:phones")
    found: dict[str, None] = {}
    while len(found) < count:
        found[draw.choice(PREFIXES) + f"{draw.randrange(10**8):08d}"] = None
    return list(found)
