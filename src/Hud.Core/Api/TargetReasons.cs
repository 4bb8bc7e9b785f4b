namespace Hud.Core.Api;

/// <summary>Why a target could not be profiled, or a session failed: words of the API, see docs/kubernetes.md.</summary>
public static class TargetReasons
{
    public const string NoTokioRuntime = nameof(NoTokioRuntime);
    public const string KernelUnsupported = nameof(KernelUnsupported);
    public const string TargetGone = nameof(TargetGone);
    public const string ProcessAmbiguous = nameof(ProcessAmbiguous);
    public const string ForeignBinary = nameof(ForeignBinary);
    public const string UnreadableExecutable = nameof(UnreadableExecutable);
    public const string TooManyTargets = nameof(TooManyTargets);
    public const string NoProbeSites = nameof(NoProbeSites);
}
