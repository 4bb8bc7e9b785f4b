using System.Net;

namespace Hud.Metrics.Http;

/// <summary>Some may do a thing at one time, and some of these for one address; the others wait, the first that may first.</summary>
internal sealed class Turns(int all, int forOneAddress)
{
    private readonly Lock _gate = new();
    private readonly List<IPAddress> _taken = [];
    private readonly List<(IPAddress From, TaskCompletionSource Turn)> _waiting = [];

    /// <exception cref="OperationCanceledException">Its turn did not come, and does not come any more.</exception>
    public async Task EnterAsync(IPAddress from, CancellationToken cancel)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Add((from, turn));
            Grant();
        }

        try
        {
            await turn.Task.WaitAsync(cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Leave(from, turn);
            throw;
        }
    }

    public void Leave(IPAddress from) => Leave(from, null);

    private void Leave(IPAddress from, TaskCompletionSource? turn)
    {
        lock (_gate)
        {
            // it may have come that very moment
            if (turn is null || !_waiting.Remove((from, turn)))
                _taken.Remove(from);
            Grant();
        }
    }

    private void Grant()
    {
        while (
            _taken.Count < all
            && _waiting.FindIndex(w => _taken.Count(t => t.Equals(w.From)) < forOneAddress) is >= 0 and var next
        )
        {
            var (from, turn) = _waiting[next];
            _waiting.RemoveAt(next);
            _taken.Add(from);
            turn.SetResult();
        }
    }
}
