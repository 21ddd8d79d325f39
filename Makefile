# make demo      builds monitord, streams a recorded pump through it and shows the alerts
# make test      runs every test
# make build     builds .build/release/monitord, which needs no Swift on the machine it runs on
# make deb       packs it for Debian: .build/deb/monitord_VERSION_ARCHITECTURE.deb
# make install   puts it into the system (as root): binary, units, message catalogue, configuration, manual pages,
#                completions; DESTDIR and PREFIX are honoured
# make sanitize  runs the tests under the address, thread and undefined-behaviour sanitizers; also one by one: sanitize-address, …
# make campaign  runs the long trials: something around the service hangs, files rotate, kills, power cuts, a disk that fails, floods, a
#                soak; also one by one: campaign-journald, -rotation, -crash (500 kills), -udp (60), -power (500 cuts), -faults (300),
#                -onward (receivers of alerts are away for ten minutes), -kafka (workers of a group die, 20 rounds), -flood, -soak; SEED=N for other seeds. All are run whatever one says, and a summary ends it
# make fuzz      gives each decoder inputs made to break it: FUZZ_SECONDS=60 each, FUZZ_DECODERS="zeek pipe" for some
# make bench     measures what each part costs and writes a Markdown table: TABLE=FILE (.build/bench.md); PATTERN=REGEX for some, CORE=N
# make quality   scores monitord on a labelled pack: MONITORD_PACK=FOLDER; MONITORD_EVALUATE=SCRIPT for a script of your own
# make bench-peers  measures it beside what one would take instead: MONITORD_PERF_KIT=FOLDER of the kit that runs the peers;
#                BENCH_ARGUMENTS="--rows 5,6 --rounds 5" for a part of it, BINARY=PROGRAM for one that is built already
# make lint      checks the formatting; make format puts it right
# make clean     removes what was built

SHELL := /bin/bash
BINARY := $(CURDIR)/.build/release/monitord
SWIFT ?= swift

MONITORD_EVALUATE ?= $(CURDIR)/Benchmarks/quality/evaluate.py
# The sets of the pack whose formats are read today.
MONITORD_SETS ?= nab skab smd

CAMPAIGNS := journald crash udp rotation power faults onward kafka flood soak

.PHONY: demo test build deb campaign $(CAMPAIGNS:%=campaign-%) sanitize sanitize-address sanitize-thread sanitize-undefined fuzz \
    install bench bench-peers quality lint format clean dependencies
.DEFAULT_GOAL := build

dependencies:
	@bash scripts/install-dependencies.sh

build: dependencies
	$(SWIFT) build -c release --static-swift-stdlib --product monitord

# Nothing of the machine takes part: no journal, the rolling log in the build folder, learning in memory.
demo: build
	@rm -rf .build/demo && mkdir -p .build/demo
	@echo
	@echo "samples/pump.csv: an hour of a pump, a line a second; at 06:50:00 a seal begins to leak."
	@echo "cat samples/pump.csv | monitord --stdin"
	@echo
	@cat samples/pump.csv | $(BINARY) --stdin --no-journal --log .build/demo/alerts.jsonl
	@echo
	@echo "The same alerts, as JSON lines, are in .build/demo/alerts.jsonl."

# The end-to-end tests start the release binary; they find it by MONITORD_BINARY.
test: build
	@bash scripts/install-dependencies.sh --tests
	$(SWIFT) build -c release --static-swift-stdlib --product allocation-probe
	MONITORD_BINARY=$(BINARY) $(SWIFT) test

TABLE ?= $(CURDIR)/.build/bench.md
PATTERN ?= .*
bench: dependencies
	@bash Benchmarks/bench.sh "$(TABLE)" '$(PATTERN)'

quality:
	@if [ -z "$(MONITORD_PACK)" ]; then \
	    echo "make quality: MONITORD_PACK names no labelled pack; nothing was scored" >&2; exit 2; \
	fi
	@if [ ! -f "$(MONITORD_EVALUATE)" ]; then \
	    echo "make quality: no $(MONITORD_EVALUATE); name the script with MONITORD_EVALUATE" >&2; exit 2; \
	fi
	@$(MAKE) --no-print-directory build >&2
	@TZ=UTC python3 "$(MONITORD_EVALUATE)" --monitord $(BINARY) --pack "$(MONITORD_PACK)" $(foreach set,$(MONITORD_SETS),--set $(set))

bench-peers:
	@if [ ! -f "$(MONITORD_PERF_KIT)/run.py" ]; then \
	    echo "make bench-peers: MONITORD_PERF_KIT names no folder with run.py; nothing was measured" >&2; exit 2; \
	fi
	@$(if $(filter $(CURDIR)/%,$(BINARY)),$(MAKE) --no-print-directory build >&2)
	@MONITORD_BENCHMARKS=1 $(SWIFT) build --package-path Benchmarks -c release --static-swift-stdlib --product ingest-rate >&2
	@python3 Benchmarks/peers.py $(BINARY) --kit "$(MONITORD_PERF_KIT)" \
	    --ingest "$(CURDIR)/Benchmarks/.build/release/ingest-rate rate {}" $(BENCH_ARGUMENTS)

# Followed files under every kind of rotation: the reader alone, stepped by hand, then the binary with restarts.
campaign-rotation: build
	set -o pipefail; MONITORD_ROTATION_LINES=20000 MONITORD_ROTATION_SEEDS=3 $(SWIFT) test --filter RotationTests \
	    | grep -E '^(\||✘|✔ Test run)'
	python3 Tests/Campaigns/rotation.py $(BINARY)

# The tests, the binary that they start and the C below them, each with a sanitizer; Tests/Scripts/sanitize.sh says how and what is
# left out. SANITIZE_FILTER=NAME runs some of the tests.
sanitize: sanitize-undefined sanitize-address sanitize-thread

sanitize-undefined: dependencies
	bash Tests/Scripts/undefined.sh

sanitize-address sanitize-thread: sanitize-%: dependencies
	bash Tests/Scripts/sanitize.sh $* $(SANITIZE_FILTER)

# FUZZ_MODE=thorough watches memory and comparisons too, and is slower.
FUZZ_SECONDS ?= 60
fuzz: dependencies
	bash Tests/Fuzzing/fuzz.sh $(FUZZ_SECONDS) $(FUZZ_DECODERS)

SWIFT_SOURCES := Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Benchmarks Benchmarks/Sources
lint:
	$(SWIFT) format lint --strict --recursive --parallel $(SWIFT_SOURCES)

format:
	$(SWIFT) format --in-place --recursive --parallel $(SWIFT_SOURCES)

deb: build
	@bash scripts/install-dependencies.sh --deb
	bash scripts/make-deb.sh $(BINARY) .build/deb

SEED ?= 1
campaign: build
	@bash Tests/Campaigns/all.sh "$(MAKE)" $(SEED) $(CAMPAIGNS)

campaign-journald: deb
	@bash scripts/install-dependencies.sh --tests
	bash Tests/Campaigns/journald-frozen.sh "$$(ls -t .build/deb/monitord_*.deb | head -1)"

campaign-crash: build
	MONITORD_BINARY=$(BINARY) python3 Tests/Campaigns/crash.py --seed $(SEED)

campaign-udp: build
	MONITORD_BINARY=$(BINARY) python3 Tests/Campaigns/udp.py --seed $(SEED)

campaign-kafka: build
	MONITORD_BINARY=$(BINARY) python3 Tests/Campaigns/kafka.py --seed $(SEED)

campaign-onward: build
	MONITORD_BINARY=$(BINARY) python3 Tests/Campaigns/onward.py --seed $(SEED)

campaign-flood: build
	python3 Benchmarks/key-flood.py $(BINARY)

# A day of event time, for so many seconds at most.
SOAK_SECONDS ?= 3600
campaign-soak: build
	python3 Benchmarks/soak.py $(BINARY) --duration 24h --seconds $(SOAK_SECONDS) --seed $(SEED)

campaign-power: build
	MONITORD_BINARY=$(BINARY) python3 Tests/Campaigns/power.py --seed $(SEED)

campaign-faults: build
	MONITORD_BINARY=$(BINARY) python3 Tests/Campaigns/faults.py --seed $(SEED)

# A configuration that is there is kept.
PREFIX ?= /usr
install:
	@test -x $(BINARY) || { echo "make install: nothing is built yet; run make build first" >&2; exit 2; }
	install -D -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/monitord
	install -D -m 644 systemd/monitord.service $(DESTDIR)/etc/systemd/system/monitord.service
	install -D -m 644 systemd/monitord.socket $(DESTDIR)/etc/systemd/system/monitord.socket
	install -D -m 644 systemd/monitord.catalog $(DESTDIR)/usr/lib/systemd/catalog/monitord.catalog
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/monitord/examples systemd/examples/*.conf
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/monitord README.md docs/*.md
	bash scripts/make-shared.sh $(BINARY) $(DESTDIR)$(PREFIX)/share $(if $(filter /usr,$(PREFIX)),vendor)
	@test -e $(DESTDIR)/etc/monitord/monitord.toml \
	    || install -D -m 644 etc/monitord/monitord.toml $(DESTDIR)/etc/monitord/monitord.toml
	@if [ -z "$(DESTDIR)" ]; then getent group monitord >/dev/null || groupadd --system monitord; fi
	@if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then journalctl --update-catalog; systemctl daemon-reload; fi
	@echo "Say in /etc/monitord/monitord.toml what to watch, then: monitord check && systemctl enable --now monitord"

clean:
	$(SWIFT) package clean
	rm -rf Benchmarks/.build
