namespace Hud.Reports.Text;

/// <summary>Which frames of a long stack are shown: the leaf, then the user's own, which are those that can be changed. Pure.</summary>
public static class StackCut
{
    /// <param name="own">For each frame, leaf first, whether it is the user's code.</param>
    /// <param name="room">Frames to show at most.</param>
    /// <returns>The places of the frames to show, in order.</returns>
    public static IReadOnlyList<int> Kept(IReadOnlyList<bool> own, int room)
    {
        ArgumentNullException.ThrowIfNull(own);
        if (own.Count <= room)
            return [.. Enumerable.Range(0, own.Count)];
        // the leaf says what took the time; after it the user's own, and the rest from the leaf on
        return
        [
            .. Enumerable
                .Range(0, own.Count)
                .OrderBy(i =>
                    i == 0 ? 0
                    : own[i] ? 1
                    : 2
                )
                .ThenBy(i => i)
                .Take(room)
                .Order(),
        ];
    }
}
