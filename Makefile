# Trainyard. `make help` says what there is to do; everything else is `swift build` and `swift test`.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

SWIFT ?= swift
SWIFT_NEEDED := 6.3
PREFIX ?= /usr/local
override PREFIX := $(abspath $(PREFIX))
DESTDIR ?=

# Every access of a class's property is checked for overlaps at run time where the compiler cannot see through it: 33 times in a
# batch of the smallest model, 100 instructions each (`make bench-instructions`). Debug builds, which the tests run, keep the checks.
RELEASE_FLAGS ?= -Xswiftc -enforce-exclusivity=unchecked

PROGRAM := .build/release/trainyard
HEADER := Sources/CTrainyard/include/trainyard.h
CPP_HEADER := Sources/CTrainyard/cpp/trainyard.hpp
TEMPLATES := Sources/TrainyardCLI/Templates
SWIFT_SOURCES := Package.swift Sources Plugins Tests Benchmarks examples
EXAMPLES := .build/examples
TENSORBOARD := .build/tensorboard
# What the engines are tested and compared with: a virtual environment with their Python packages.
ENGINES := .build/engines
# Of Debian's, where they can be had; and of PyPI's.
ENGINE_PACKAGES := libxgboost0
ENGINE_WHEELS := lightgbm numpy scipy xgboost-cpu
# libtorch: the folder of Python's package torch in LIBTORCH, or Debian's; TORCH_PYTHON is a Python that has torch too.
TORCH_PACKAGES := libtorch-dev python3-torch nlohmann-json3-dev
TORCH = LIBTORCH="$(or $(LIBTORCH),$$(test ! -r /usr/include/torch/script.h || echo /usr))"
TORCH_PYTHON ?= /usr/bin/python3
ONNX := .build/onnx
# How often, and from which random numbers, `make soak` kills runs.
KILLS ?= 200
SEED ?= 1
# Batches of the longest run of `make memory`.
MOST ?= 1000000
# A folder of recorded decisions, as in Tests/Data/oracle/SCHEMA.md.
DIR ?= Tests/Data/oracle

# Of `make fuzz`: for each target, and which of Tests/Data/corpus. A debug build is made sooner; release runs more.
FUZZ_SECONDS ?= 600
TARGET ?= all
FUZZ_CONFIGURATION ?= debug
# Of `make sanitize`: which sanitizers, and which of Tests/*Tests.
SANITIZERS ?= address thread
MODULES ?= all
# Undefined behaviour is that of C parts; Swift checks itself. It traps, since its own library would have to be linked.
ADDRESS_SANITIZER := --sanitize=address -Xcc -fsanitize=undefined -Xcc -fsanitize-trap=undefined \
  --scratch-path .build/address
# Plugins in Swift look for these in the program that opens them.
THREAD_SANITIZER := --sanitize=thread --scratch-path .build/thread $(foreach name, \
  __tsan_external_write __tsan_external_read __tsan_ignore_thread_begin __tsan_ignore_thread_end, \
  -Xlinker -u -Xlinker $(name) -Xlinker --export-dynamic-symbol -Xlinker $(name))

# What Debian and Ubuntu call the libraries that the build needs.
PACKAGES := libcurl4-openssl-dev libffi-dev libopenblas0 libsqlite3-dev libyaml-dev nettle-dev zlib1g-dev pkg-config make
# The data of the first run. Nothing else needs it.
DATASET := dataset-fashion-mnist
# What the example of a foreign library measures with. Nothing else needs it.
GSL := libgsl27
FASHION_MNIST := /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz

# How an author builds a plugin in C: no Swift in it, and one symbol out of it.
PLUGIN_CFLAGS := -std=c99 -Wall -Wextra -pedantic -Werror -O2 -shared -fPIC -fvisibility=hidden \
  -I Sources/CTrainyard/include

# The built-in plugins, by the table in Package.swift.
PLUGINS := $(shell sed -n 's/.*kind: "[A-Za-z]*", id: "\([a-z0-9-]*\)".*/\1/p' Package.swift)

# Those over engines, which are there when `make engines` has built them; torch where there is a libtorch.
ENGINE_PLUGINS := $(shell sed -n 's|^ *engine."\([a-z0-9-]*\)".*|\1|p' Package.swift) torch

# $(call install_packages,names): those that are missing, with sudo where not root. Fails where it cannot.
define install_packages
missing=""; \
for package in $(1); do \
  dpkg-query -W -f='$${Status}' "$$package" 2>/dev/null | grep -q 'ok installed' || missing+=" $$package"; \
done; \
if [ -n "$$missing" ]; then \
  sudo=""; if [ "$$(id -u)" -ne 0 ]; then sudo=sudo; fi; \
  echo "installing$$missing"; \
  install="$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends$$missing"; \
  $$install >/dev/null 2>&1 || { $$sudo apt-get update -qq && $$install >/dev/null; }; \
fi
endef

.PHONY: help run build test sanitize leaks fuzz bench bench-peers bench-instructions soak faults isolation-cost memory traces \
  tensorboard-check onnx-check engines engines-cost engine-packages examples install docs format lint clean swift packages dataset gsl

help: ## Say what there is to do
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 26

run: build dataset ## Install what is missing, build, train on Fashion-MNIST
	@if [ -r $(FASHION_MNIST) ]; then \
	  $(PROGRAM) run examples/first-run/pipeline.yaml; \
	else \
	  echo "Fashion-MNIST (Debian's $(DATASET)) cannot be had here: training on made data instead"; \
	  $(PROGRAM) run examples/first-run/moons.yaml; \
	fi

build: swift packages ## Build in release: .build/release/trainyard and its plugins
	$(SWIFT) build -c release $(RELEASE_FLAGS)

test: swift packages dataset ## Install what is missing, build, run all tests
	$(SWIFT) build
	SWIFT=$(SWIFT) Tests/run.sh

sanitize: swift packages dataset ## Run tests under sanitizers: make sanitize SANITIZERS="address thread" MODULES="TrainingTests"
	@failed=0; for sanitizer in $(SANITIZERS); do \
	  case $$sanitizer in address) flags='$(ADDRESS_SANITIZER)';; *) flags='$(THREAD_SANITIZER)';; esac; \
	  $(SWIFT) build --build-tests $$flags; \
	  SWIFT=$(SWIFT) Tests/sanitize.sh $$sanitizer "$(MODULES)" $$flags || failed=1; \
	done; [ $$failed -eq 0 ]

leaks: swift packages ## Look for lost memory in whole commands, with valgrind (Debian's package)
	$(SWIFT) build
	@Tests/Sanitizers/leaks.sh .build/debug

fuzz: swift packages ## Fuzz the parsers of outside bytes: make fuzz FUZZ_SECONDS=600 TARGET=csv
	TRAINYARD_FUZZER=1 $(SWIFT) build -c $(FUZZ_CONFIGURATION) --product trainyard-fuzz --scratch-path .build/fuzz \
	  -Xswiftc -sanitize=fuzzer,address -Xswiftc -use-ld=lld
	@Tests/fuzz.sh .build/fuzz/$(FUZZ_CONFIGURATION)/trainyard-fuzz $(FUZZ_SECONDS) $(TARGET)

engines: swift packages dataset engine-packages ## Build and test the models over engines: xgboost, lightgbm, torch
	TRAINYARD_ENGINES=1 $(TORCH) $(SWIFT) build -c release $(RELEASE_FLAGS)
	TRAINYARD_ENGINES=1 $(TORCH) $(SWIFT) build --build-tests
	TRAINYARD_ENGINES=1 $(TORCH) SWIFT=$(SWIFT) VIRTUAL_ENV=$(CURDIR)/$(ENGINES) TORCH_PYTHON=$(TORCH_PYTHON) \
	  Tests/run.sh --skip-build --filter EngineTests

engines-cost: swift packages engine-packages ## Measure what the host costs over the engines' own loops; writes docs/performance-engines.md
	TRAINYARD_ENGINES=1 $(TORCH) $(SWIFT) build -c release $(RELEASE_FLAGS)
	VIRTUAL_ENV=$(CURDIR)/$(ENGINES) TORCH_PYTHON=$(TORCH_PYTHON) \
	  $(ENGINES)/bin/python Benchmarks/engines/cost.py --program $(PROGRAM) --page docs/performance-engines.md

tensorboard-check: swift packages ## Read event files back with the tensorboard package from PyPI
	[ -x $(TENSORBOARD)/bin/python ] || python3 -m venv $(TENSORBOARD)
	$(TENSORBOARD)/bin/pip install --quiet tensorboard
	$(SWIFT) build --build-tests
	TENSORBOARD_PYTHON=$(TENSORBOARD)/bin/python SWIFT=$(SWIFT) Tests/run.sh --skip-build --filter TensorBoardTests

onnx-check: swift packages ## Run exported models with the onnx and onnxruntime packages from PyPI
	[ -x $(ONNX)/bin/python ] || python3 -m venv $(ONNX)
	$(ONNX)/bin/pip install --quiet onnx onnxruntime
	$(SWIFT) build --build-tests
	ONNX_PYTHON=$(CURDIR)/$(ONNX)/bin/python SWIFT=$(SWIFT) Tests/run.sh --skip-build --filter ExportTests

soak: build ## Kill runs at random, resume them, compare: make soak KILLS=200 SEED=1
	@python3 Tests/Soak/soak.py --program $(PROGRAM) --kills $(KILLS) --seed $(SEED)

faults: build ## Inject every fault into every call of isolated plugins; count the steps lost
	@python3 Tests/Soak/faults.py --program $(PROGRAM)

isolation-cost: build ## What a batch hook of an isolated callback costs
	@python3 Tests/Soak/isolation_cost.py --program $(PROGRAM)

memory: build ## Peak memory of runs of up to MOST=1000000 batches and of ten thousand epochs
	@python3 Tests/Soak/memory.py --program $(PROGRAM) --most $(MOST)

traces: build ## Compare callbacks with recorded decisions: make traces DIR=folder
	@$(PROGRAM) traces $(DIR)

bench: build dataset ## Measure: make bench BENCH=name ROUNDS=7; writes bench.jsonl and docs/performance.md
	.build/release/trainyard-bench $(if $(BENCH),--only "$(BENCH)") $(if $(ROUNDS),--rounds $(ROUNDS)) \
	  --output bench.jsonl --page docs/performance.md

bench-instructions: build ## Count instructions per batch with callgrind (Debian's valgrind)
	bash Benchmarks/instructions.sh

bench-peers: build dataset ## Measure Python peers beside ours: make bench-peers PEERS="jax" CASES="start tiny"
	python3 Benchmarks/peers/run.py --peers "$(PEERS)" --cases "$(CASES)" --rounds "$(or $(ROUNDS),3)"

examples: build gsl ## Build and run every example
	mkdir -p $(EXAMPLES)
	$(CC) $(PLUGIN_CFLAGS) examples/callback-in-c/halve_on_plateau.c -o $(EXAMPLES)/libhalve-on-plateau.so
	$(CC) $(PLUGIN_CFLAGS) examples/model-in-c/softmax_regression.c -o $(EXAMPLES)/libsoftmax-regression.so -lm
	$(CC) $(PLUGIN_CFLAGS) -fvisibility=default examples/monitor-from-c/brier.c -o examples/monitor-from-c/libbrier.so
	$(SWIFT) build -c release --package-path examples/callback-in-swift
	$(PROGRAM) run examples/first-run/moons.yaml
	$(PROGRAM) inspect $(EXAMPLES)/libhalve-on-plateau.so
	$(PROGRAM) run examples/first-run/moons.yaml --callback $(EXAMPLES)/libhalve-on-plateau.so:patience=1
	$(PROGRAM) inspect $(EXAMPLES)/libsoftmax-regression.so
	$(PROGRAM) run examples/first-run/moons.yaml --model $(EXAMPLES)/libsoftmax-regression.so:learning_rate=0.5
	$(PROGRAM) run examples/first-run/moons.yaml \
	  --callback examples/callback-in-swift/.build/release/libgap-watch.so:limit=0.2
	$(PROGRAM) inspect examples/monitor-from-c/pipeline.yaml
	$(PROGRAM) run examples/monitor-from-c/pipeline.yaml
	@if ldconfig -p | grep -q libgsl.so.27; then \
	  $(PROGRAM) run examples/monitor-from-gsl/pipeline.yaml; \
	else \
	  echo "Debian's $(GSL) cannot be had here: examples/monitor-from-gsl is left out"; \
	fi

install: build ## Install program, headers, plugins, templates and trainyard.pc below PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(PREFIX)/lib/pkgconfig \
	  $(DESTDIR)$(PREFIX)/lib/trainyard/plugins
	install -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/trainyard
	install -m 644 $(HEADER) $(CPP_HEADER) $(DESTDIR)$(PREFIX)/include
	rm -rf $(DESTDIR)$(PREFIX)/share/trainyard
	install -d $(DESTDIR)$(PREFIX)/share/trainyard/swift/Sources
	cp -R $(TEMPLATES) $(DESTDIR)$(PREFIX)/share/trainyard/templates
	mv $(DESTDIR)$(PREFIX)/share/trainyard/templates/kit/Package.swift $(DESTDIR)$(PREFIX)/share/trainyard/swift
	rmdir $(DESTDIR)$(PREFIX)/share/trainyard/templates/kit
	cp -R Sources/CTrainyard Sources/PluginKit $(DESTDIR)$(PREFIX)/share/trainyard/swift/Sources
	for id in $(PLUGINS); do \
	  install -m 755 .build/release/lib$$id.so $(DESTDIR)$(PREFIX)/lib/trainyard/plugins/; \
	done
	for library in $(foreach id,$(ENGINE_PLUGINS),.build/release/lib$(id).so); do \
	  if [ -r $$library ]; then install -m 755 $$library $(DESTDIR)$(PREFIX)/lib/trainyard/plugins/; fi; \
	done
	@major=$$(awk '$$2 == "TY_ABI_MAJOR" { print $$3 }' $(HEADER)); \
	minor=$$(awk '$$2 == "TY_ABI_MINOR" { print $$3 }' $(HEADER)); \
	printf '%s\n' 'prefix=$(PREFIX)' 'includedir=$${prefix}/include' \
	  'pluginsdir=$${prefix}/lib/trainyard/plugins' '' 'Name: trainyard' \
	  'Description: The contract between Trainyard and its plugins' "Version: $$major.$$minor" \
	  'Cflags: -I$${includedir}' > $(DESTDIR)$(PREFIX)/lib/pkgconfig/trainyard.pc
	@chmod 644 $(DESTDIR)$(PREFIX)/lib/pkgconfig/trainyard.pc

docs: swift packages ## API documentation with DocC: .build/documentation
	$(SWIFT) build
	SWIFT=$(SWIFT) docs/build-api.sh

format: ## Format all Swift sources
	$(SWIFT) format -i -r $(SWIFT_SOURCES)

lint: ## Check the format of Swift sources, and the C examples with every warning on
	$(SWIFT) format lint -r -s $(SWIFT_SOURCES)
	$(CC) $(PLUGIN_CFLAGS) -fsyntax-only examples/*/*.c
	for file in Benchmarks/*/*.c; do \
	  $(CC) -std=c11 -Wall -Wextra -pedantic -Werror -Wno-unknown-pragmas -DNOOP -I Sources/CTrainyard/include \
	    -I Benchmarks/Baselines/include -fsyntax-only $$file; \
	done

clean: ## Remove what was built
	rm -rf .build examples/callback-in-swift/.build examples/monitor-from-c/libbrier.so

# ---- What the above need ----

swift:
	@found=$$($(SWIFT) --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' || true); \
	if [ -z "$$found" ]; then \
	  echo "error: no Swift compiler found, and version $(SWIFT_NEEDED) or later is needed" >&2; \
	elif [ "$$(printf '%s\n' $(SWIFT_NEEDED) "$$found" | sort -V | head -n 1)" != $(SWIFT_NEEDED) ]; then \
	  echo "error: Swift $$found is too old: version $(SWIFT_NEEDED) or later is needed" >&2; \
	else \
	  exit 0; \
	fi; \
	echo "  help: install it from https://www.swift.org/install, or name it: make SWIFT=/path/to/swift" >&2; \
	exit 1

packages:
	@if ! command -v apt-get >/dev/null; then \
	  echo "note: no apt-get here; the build needs what Debian calls $(PACKAGES)"; \
	else \
	  { $(call install_packages,$(PACKAGES)); } \
	    || { echo "error: cannot install what the build needs: $(PACKAGES)" >&2; exit 1; }; \
	fi

# Its absence is no error: the first run falls back on made data.
dataset:
	@if [ ! -r $(FASHION_MNIST) ] && command -v apt-get >/dev/null; then \
	  { $(call install_packages,$(DATASET)); } || true; \
	fi

# Debian's are one more version to test with; without them the tests that need them say so and are left out.
engine-packages:
	@if command -v apt-get >/dev/null; then \
	  { $(call install_packages,$(ENGINE_PACKAGES)); } || echo "not to be had here: $(ENGINE_PACKAGES)"; \
	  { $(call install_packages,$(TORCH_PACKAGES)); } || echo "not to be had here: $(TORCH_PACKAGES)"; \
	fi
	[ -x $(ENGINES)/bin/python ] || python3 -m venv $(ENGINES)
	$(ENGINES)/bin/pip install --quiet --disable-pip-version-check $(ENGINE_WHEELS)

# Likewise: one example is left out without it.
gsl:
	@if command -v apt-get >/dev/null; then \
	  { $(call install_packages,$(GSL)); } || true; \
	fi
