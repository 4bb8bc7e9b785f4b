namespace Hud.Core.Profile;

public static class HotspotCauses
{
    /// <summary>Waiting for a CPU, behind neighbours or a quota: lost time that is not the code's fault.</summary>
    public static bool IsCpuPressure(this HotspotCause cause) =>
        cause is HotspotCause.RunQueue or HotspotCause.Throttled;
}
