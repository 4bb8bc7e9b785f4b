using Hud.Core.Stream;

namespace Hud.Cli.Run;

/// <summary>Shows a run while it goes on, from its stream alone. Called from one thread.</summary>
internal interface IRunView : IDisposable
{
    void Show(StreamMessage message);

    /// <summary>The run is being ended: the agent sums up. May come from another thread.</summary>
    void Stopping()
    {
        // most views have nothing to say about it
    }

    /// <summary>A line for the person at the terminal. May come from another thread.</summary>
    void Say(string line)
    {
        // nobody is there to read it
    }
}

internal sealed class NoView : IRunView
{
    public void Show(StreamMessage message)
    {
        // quiet
    }

    public void Dispose()
    {
        // nothing was drawn
    }
}
