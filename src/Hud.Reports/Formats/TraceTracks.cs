using Hud.Core.Profile;

namespace Hud.Reports.Formats;

/// <summary>Which process and thread track something belongs to. Two nodes may know the same pid, so those get a number of their own.</summary>
internal sealed class TraceTracks
{
    private readonly ProfileDocument _document;
    private readonly long[] _pids;
    private readonly int[] _numbers;

    public TraceTracks(ProfileDocument document)
    {
        _document = document;
        bool unique = document.Targets.Select(t => t.Pid).Distinct().Count() == document.Targets.Count;
        _pids = [.. document.Targets.Select((t, i) => unique ? t.Pid : (long)i + 1)];
        _numbers = new int[document.Workers.Count];
        var next = new Dictionary<int, int>();
        for (int i = 0; i < _numbers.Length; i++)
            next[document.Workers[i].Target] = (_numbers[i] = next.GetValueOrDefault(document.Workers[i].Target)) + 1;
    }

    public long Pid(int target) => target >= 0 && target < _pids.Length ? _pids[target] : 0;

    public int Tid(int worker) => worker >= 0 && worker < _numbers.Length ? _document.Workers[worker].Tid : 0;

    /// <summary>Number of a worker within its target, from 0.</summary>
    public int Number(int worker) => worker >= 0 && worker < _numbers.Length ? _numbers[worker] : -1;

    /// <summary>The frame to change: the blamed one, else the first of the user's, else the leaf.</summary>
    public static ProfileFrame Blamed(IReadOnlyList<ProfileFrame> frames) =>
        frames.FirstOrDefault(f => f.Blamed) ?? frames.FirstOrDefault(f => f.Kind == FrameKind.User) ?? frames[0];
}
