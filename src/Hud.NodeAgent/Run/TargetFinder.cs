using Hud.Core.Diagnostics;
using Hud.Core.Stream;
using Hud.NodeAgent.Proc;

namespace Hud.NodeAgent.Run;

/// <summary>From what the task names to a process.</summary>
internal static class TargetFinder
{
    public static TargetProcess Find(int index, AgentTarget spec, TargetFiles files)
    {
        if (spec.Pid is { } pid)
            return TargetProcess.Open(index, spec, pid, files);
        return TargetProcess.Failed(index, spec, 0, new Diagnostic(DiagnosticKinds.NoSuchProcess, "the task names neither a pid nor a container", "this is a defect of whoever wrote the task"));
    }
}
