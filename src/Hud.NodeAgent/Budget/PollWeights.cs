using Hud.Analysis;

namespace Hud.NodeAgent.Budget;

/// <summary>How many polls a timed one stands for now, by the number of its type.</summary>
internal sealed class PollWeights
{
    private int _weight = 1;
    private IReadOnlySet<TaskTypeId>? _sampled = new HashSet<TaskTypeId>();

    public int Of(TaskTypeId type) => _sampled?.Contains(type) != false ? _weight : 1;

    /// <param name="weight">Of the types that are sampled.</param>
    /// <param name="sampled">Null for all.</param>
    public void Set(int weight, IReadOnlySet<TaskTypeId>? sampled) => (_weight, _sampled) = (weight, sampled);
}
