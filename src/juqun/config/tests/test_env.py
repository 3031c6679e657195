import pytest

from juqun.config import env

REAL, REHEARSAL = "https://qyapi.weixin.qq.com", "http://127.0.0.1:9000"


def test_the_emulators_public_keys_never_guard_a_real_corp(monkeypatch):
    monkeypatch.delenv("JUQUN_WECOM_CALLBACK_TOKEN", raising=False)
    assert env.key_of("JUQUN_WECOM_CALLBACK_TOKEN", "public", url=REHEARSAL) == "public"
    for given in ("", "public"):
        monkeypatch.setenv("JUQUN_WECOM_CALLBACK_TOKEN", given)
        with pytest.raises(env.SettingError, match="JUQUN_WECOM_CALLBACK_TOKEN"):
            env.key_of("JUQUN_WECOM_CALLBACK_TOKEN", "public", url=REAL)
    monkeypatch.setenv("JUQUN_WECOM_CALLBACK_TOKEN", "ours")
    assert env.key_of("JUQUN_WECOM_CALLBACK_TOKEN", "public", url=REAL) == "ours"
