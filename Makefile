# Every command of the project. `make help` lists them.
PYTHON ?= python3
BOOT = $(PYTHON) infra/bootstrap.py
DEV = $(BOOT) --dev

# Compiled once, for every process that a command or a test starts.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run demo summarise links load logs officer reachable rotate leftover backup restore drill package deploy destroy test e2e soak bench check format guards version pins pictures

help: ## List the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: ## Serve on one machine and print where to click (PORT=8000 DATA=.data HOST=127.0.0.1)
	@exec $(BOOT) run

demo: ## Fill every period that has begun with seeded reports, and add them up
	@$(BOOT) demo

summarise: ## Run the scheduled job now
	@$(BOOT) summarise

links: ## Print each unit's link (PROGRAMME=key: another's; REISSUE=CODE: end one, make a new one)
	@$(BOOT) links $(if $(PROGRAMME),--programme $(PROGRAMME)) $(if $(REISSUE),--reissue $(REISSUE))

load: ## Load a programme's folder, or bring it up to date (FOLDER=programmes/...)
	@$(BOOT) load $(FOLDER)

logs: ## Show the server's log, newest last (ID=..., STATUS=5, LAST=200, FOLLOW=1, STDIN=1)
	@$(BOOT) logs $(if $(ID),--id $(ID)) $(if $(STATUS),--status $(STATUS)) $(if $(LAST),--last $(LAST)) \
		$(if $(FOLLOW),--follow) $(if $(STDIN),--stdin)

officer: ## Print a sign-in link for an officer, made one where needed (MAIL=…, also without mail)
	@$(BOOT) officer "$(MAIL)"

reachable: ## Mail an address again that is marked because its mails came back (MAIL=…)
	@$(BOOT) reachable "$(MAIL)"

rotate: ## Make a new server key, and a new link for every unit; print whom to send one (YES=1)
	@$(BOOT) rotate $(if $(YES),--yes)

leftover: ## On AWS: what failed for good and lies in the queue (STAGE=prod AGAIN=1: try it once more)
	@$(BOOT) leftover $(if $(AGAIN),--again)

backup: ## Write everything but keys and sessions into one archive (FILE=baocao.zip)
	@$(BOOT) backup $(FILE)

restore: ## Fill an empty installation from an archive; says first whom it lets in (FILE=baocao.zip YES=1)
	@$(BOOT) restore $(FILE) $(if $(YES),--yes)

drill: ## Restore the newest archive beside, sum all anew, compare with a second sum (FILE=another's)
	@$(BOOT) drill $(FILE)

package: ## Write out/deployment.zip and out/template.json (STAGE=dev)
	@$(BOOT) package --stage $(or $(STAGE),dev)

deploy: ## Package, show what would change on AWS, apply it (STAGE=dev SENDER=mail OFFICER=mail SET="Name=value …" YES=1)
	@$(BOOT) deploy --stage "$(STAGE)" --sender "$(SENDER)" --officer "$(OFFICER)" --set "$(SET)" $(if $(YES),--yes)

destroy: ## Delete a stage with all that it keeps; never prod (STAGE=dev YES=1)
	@$(BOOT) destroy --stage "$(STAGE)" $(if $(YES),--yes)

test: ## Run every test but those of make e2e (under ten minutes on two cores)
	@$(BOOT) --emulator || [ -z "$$CI" ]
	@[ -z "$$CI" ] || $(BOOT) --lint
	@$(DEV) -m pytest -n auto -m "not e2e"

e2e: ## Whole stories: the real package deployed on emulated AWS and under Lambda's own client, a season, an outage
	@$(BOOT) --emulator
	@$(BOOT) --lambda
	@$(DEV) -m pytest -n 2 -m e2e

soak: ## Run the fault and race tests at full size (under forty minutes on two cores)
	@$(BOOT) --emulator
	@SOAK=1 $(DEV) -m pytest -n 2 -m soak -vv

bench: ## Measure speed against bare functions and public peers (ONE=handler: only that bench)
	@$(BOOT) --bench $(ONE)

check: ## Lint and types, and the judges of AWS's template, as CI does
	@$(DEV) -m ruff check .
	@$(DEV) -m ruff format --check .
	@$(DEV) -m mypy
	@$(BOOT) --lint
	@$(DEV) -m infra.judge

format: ## Put the code in its format
	@$(DEV) -m ruff check --fix .
	@$(DEV) -m ruff format .

version: ## Say which version this is
	@$(PYTHON) -c "import chalicelib; print(chalicelib.VERSION)"

guards: ## Write docs/guards.md from the tests' own marks
	@$(DEV) -m tests.guards

pins: ## Write the hashes of all pinned packages anew, after a pin was moved
	@$(BOOT) --pins

pictures: ## Make the README's pictures from the running product
	@$(DEV) -m infra.pictures
