using Hud.Core;

namespace Hud.Cli.Run;

/// <summary>
/// Requests for the last while of a run, one at a time: whoever presses twice wants one file. Safe for several threads: a key, a signal and the
/// agent's stream each have their own.
/// </summary>
/// <param name="clock">For how long an answer is waited for.</param>
internal sealed class LookBackAsk(TimeProvider clock)
{
    /// <summary>The agent looks once a second, and may read names for some seconds before it answers.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Lock _gate = new();
    private Action? _send;
    private long? _keptNs;
    private bool _early;
    private long? _askedAt;

    /// <param name="send">Passes a request on to the agent.</param>
    public void Begin(Action send)
    {
        lock (_gate)
            _send = send;
    }

    /// <summary>The agent is there.</summary>
    /// <param name="keptNs">How far back it can tell; 0 for nothing, and then it must not be asked.</param>
    public void AgentIsThere(long keptNs)
    {
        lock (_gate)
        {
            _keptNs = keptNs;
            if (_early && keptNs > 0)
                Send();
            _early = false;
        }
    }

    /// <returns>What to say to the person who asks.</returns>
    public string Ask()
    {
        lock (_gate)
        {
            if (_keptNs is null)
            {
                _early = true;
                return "the look-back is written once the run has begun";
            }

            if (_keptNs <= 0)
                return "this run keeps no look-back: start it with --look-back 2m";
            if (_askedAt is { } at && clock.GetElapsedTime(at) < Patience)
                return "the look-back before this one is still being written";
            Send();
            return $"the last {HumanText.Duration(_keptNs.Value)} are being written";
        }
    }

    /// <summary>An answer has come, or none will come any more.</summary>
    /// <returns>Whether one was asked for.</returns>
    public bool Answered()
    {
        lock (_gate)
        {
            bool asked = _early || _askedAt is not null;
            (_early, _askedAt) = (false, null);
            return asked;
        }
    }

    private void Send()
    {
        _askedAt = clock.GetTimestamp();
        _send?.Invoke();
    }
}
