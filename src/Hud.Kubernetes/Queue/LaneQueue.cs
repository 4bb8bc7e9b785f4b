using System.Diagnostics.CodeAnalysis;

namespace Hud.Kubernetes;

/// <summary>
/// First come first served within a lane, and the lanes take turns: thousands of keys of one lane delay another's by one key. Not safe for
/// several threads.
/// </summary>
/// <param name="laneOf">Null: one lane for all.</param>
internal sealed class LaneQueue<TKey>(Func<TKey, string>? laneOf)
    where TKey : notnull
{
    private readonly Dictionary<string, Queue<TKey>> _lanes = new(StringComparer.Ordinal);
    private readonly Queue<string> _turns = new();

    public int Count { get; private set; }

    public void Enqueue(TKey key)
    {
        var lane = laneOf?.Invoke(key) ?? "";
        if (!_lanes.TryGetValue(lane, out var keys))
        {
            _lanes[lane] = keys = new Queue<TKey>();
            _turns.Enqueue(lane);
        }
        keys.Enqueue(key);
        Count++;
    }

    public bool TryDequeue([MaybeNullWhen(false)] out TKey key)
    {
        if (!_turns.TryDequeue(out var lane))
        {
            key = default;
            return false;
        }
        var keys = _lanes[lane];
        key = keys.Dequeue();
        Count--;
        if (keys.Count > 0)
            _turns.Enqueue(lane);
        else
            _lanes.Remove(lane);
        return true;
    }
}
