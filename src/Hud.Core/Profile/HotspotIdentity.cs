namespace Hud.Core.Profile;

/// <summary>
/// What makes two hotspots the same one, within a run, over agents and between runs. One path can compute, sleep and wait for
/// a CPU: those are three hotspots with three remedies, so the cause is part of it.
/// </summary>
public readonly record struct HotspotIdentity(HotspotCause Cause, string Fingerprint)
{
    /// <summary>Without a fingerprint nothing says that two are the same.</summary>
    public bool IsKnown => Fingerprint is { Length: > 0 };
}
