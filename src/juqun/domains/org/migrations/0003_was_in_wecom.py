from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("org", "0002_left_by_wecom"),
    ]

    operations = [
        migrations.AddField(
            model_name="staff",
            name="was_in_wecom",
            field=models.BooleanField(default=False),
        ),
    ]
