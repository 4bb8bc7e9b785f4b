using Hud.Tokio;

namespace Hud.NodeAgent.Kernel;

/// <summary>What a wake probe's link carries: where the program finds the task's header, and by what it knows that it is one.</summary>
public static class WakeCookie
{
    public static ulong Of(WakeSite site)
    {
        ArgumentNullException.ThrowIfNull(site);
        ulong place = site.Header.StackOffset is { } offset
            ? Abi.WakeOnStack | ((ulong)offset & Abi.WakeOffsetMask) << Abi.WakeOffsetShift
            : (ulong)site.Header.Register & Abi.WakeRegisterMask;
        return site.Schedule == 0
            ? place
            : place | Abi.WakeChecked | (site.Schedule & Abi.WakeSlotMask) << Abi.WakeSlotShift;
    }
}
