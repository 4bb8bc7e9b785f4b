using Hud.Core.Profile;

namespace Hud.Reports.Page.Sections;

/// <summary>Causes in words. The colour repeats what the word says; no meaning is in colour alone.</summary>
internal static class Causes
{
    public static string Css(HotspotCause cause) => "cause-" + cause.ToString().ToLowerInvariant();

    /// <summary>One sentence: what happened in these polls.</summary>
    public static string Sentence(Hotspot hotspot)
    {
        string call = hotspot.Syscall.Length > 0 ? $" in {hotspot.Syscall}()" : "";
        return hotspot.Cause switch
        {
            HotspotCause.OnCpu =>
                $"computed {HumanText.Duration(hotspot.P50Ns)} in a typical poll without giving the worker back",
            HotspotCause.BlockingCall =>
                $"the worker slept {HumanText.Duration(hotspot.P50Ns)}{call} in a typical poll",
            HotspotCause.LockWait =>
                $"the worker slept {HumanText.Duration(hotspot.P50Ns)} waiting for a lock in a typical poll",
            HotspotCause.RunQueue =>
                $"runnable, but waited {HumanText.Duration(hotspot.P50Ns)} for a CPU in a typical poll; not this code's fault",
            HotspotCause.Throttled =>
                $"stopped {HumanText.Duration(hotspot.P50Ns)} by the CPU limit in a typical poll; not this code's fault",
            _ => "",
        };
    }
}
