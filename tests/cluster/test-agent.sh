#!/bin/sh
# Entry point of the agent image of the tests: the real agent, unless the session's target.processName asks for a part to be played.
case "$HUD_AGENT_TASK" in
  *'"processName":"play-'*) exec /scripted-agent ;;
  *) exec /hud-agent "$@" ;;
esac
