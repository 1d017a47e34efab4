FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 STATIC_ROOT=/app/staticfiles FAREHISTORY_RUN=/tmp/farehistory
WORKDIR /app

COPY requirements.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt

COPY manage.py ./
COPY farehistory farehistory
COPY events events
COPY projections projections
COPY templates templates
COPY static static

# Collecting reads the settings, which want addresses; nothing is connected to.
RUN SECRET_KEY=build DATABASE_URL=postgresql://build:build@build/build REDIS_URL=redis://build \
    python manage.py collectstatic --noinput --verbosity 0 \
    # Root's folder there would keep every process from starting.
    && test ! -e "$FAREHISTORY_RUN"

# A volume that is mounted here begins with this owner, whose number stays: the next image is to read it, too.
RUN useradd --system --uid 999 --no-create-home farehistory && install -d -m 700 -o farehistory /archive /transfers /imports
USER farehistory
EXPOSE 8000
CMD ["python", "-m", "farehistory.serving", "--host", "0.0.0.0", "--port", "8000", "--drain", "5"]
