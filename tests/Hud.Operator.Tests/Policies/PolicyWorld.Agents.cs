using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Hud.Kubernetes;
using Hud.Kubernetes.Tests.Scripted;
using Hud.Operator.Continuous;
using Hud.Operator.Targets;
using k8s.Models;
using AgentNames = Hud.Operator.Resources.Names;

namespace Hud.Operator.Tests.Policies;

/// <summary>The agents of the operator's namespace, and their kubelet, as far as a test plays it.</summary>
internal sealed partial class PolicyWorld
{
    private readonly Dictionary<string, V1Pod> _agents = new(StringComparer.Ordinal);
    private readonly List<Channel<string>> _agentWatches = [];

    public Informer<V1Pod> Agents { get; }

    /// <summary>Method and name of every write of an agent.</summary>
    public ConcurrentQueue<string> AgentWrites { get; } = [];

    /// <summary>Answers the making of an agent in the place of the server; false leaves it to the server.</summary>
    public Func<Answer, Task<bool>>? OnAgent { get; set; }

    /// <summary>... and a change of one, by its method.</summary>
    public Func<string, Answer, Task<bool>>? OnAgentChange { get; set; }

    public IReadOnlyList<V1Pod> AgentPods =>
        Locked(() =>
            _agents.Values.OrderBy(p => p.GetAnnotation(AgentNames.NodeAnnotation), StringComparer.Ordinal).ToList()
        );

    public ContinuousSweep Sweep()
    {
        var log = new Log(TextWriter.Null, LogLevel.Error, Clock);
        var events = new SessionActions(_client, Options, TimeProvider.System, log);
        return new ContinuousSweep(Policies, Agents, new ContinuousActions(_client, events, Options, log), Clock, log);
    }

    private ContinuousAgents Continuous(KubernetesClient client, SessionActions sessions, Log log) =>
        new(
            Agents,
            new TargetResolver(client, Options),
            new ContinuousActions(client, sessions, Options, log),
            Options,
            Clock
        );

    private Informer<V1Pod> AgentsOf(KubernetesClient client) =>
        new(
            client,
            EntityTypes.Pods,
            new InformerOptions
            {
                Namespace = Options.Namespace,
                Filter = new ListOptions(LabelSelector: AgentNames.AllAgentsSelector),
            },
            ContinuousAgents.Indexes
        );

    private bool IsOfAgents(string[] path) => path.Contains(Options.Namespace) && path.Contains("pods");

    /// <summary>The kubelet says something of an agent.</summary>
    public Task KubeletAsync(string name, Action<V1Pod> says)
    {
        lock (_lock)
        {
            says(_agents[name]);
            Put(_agents[name], "MODIFIED");
        }
        return AgentsSeenAsync();
    }

    public Task RunsAsync(string name) =>
        KubeletAsync(
            name,
            p =>
                p.Status = new V1PodStatus
                {
                    Phase = "Running",
                    ContainerStatuses =
                    [
                        new V1ContainerStatus
                        {
                            Name = AgentNames.AgentContainer,
                            State = new V1ContainerState { Running = new V1ContainerStateRunning() },
                        },
                    ],
                }
        );

    /// <summary>Somebody else's, or an earlier one.</summary>
    public Task PutAgentAsync(V1Pod pod)
    {
        lock (_lock)
        {
            pod.Metadata.Uid ??= "uid-" + pod.Metadata.Name;
            _agents[pod.Metadata.Name] = pod;
            Put(pod, "ADDED");
        }
        return AgentsSeenAsync();
    }

    /// <summary>Somebody who is not the operator deletes an agent, or evicts it.</summary>
    public Task TakeAgentAsync(string name)
    {
        lock (_lock)
        {
            _agents.Remove(name, out var pod);
            Send(_agentWatches, "DELETED", Json(pod!));
        }
        return AgentsSeenAsync();
    }

    /// <summary>A user deletes a policy, and the operator hears of it.</summary>
    public Task RemovePolicyAsync(string name)
    {
        Locked(() =>
        {
            _policies.Remove(name, out var policy);
            Reconciler.Gone(policy!);
            Send(_policyWatches, "DELETED", JsonSerializer.Serialize(policy!, Entities.PolicyType.Policies.Json));
        });
        return SeenAsync();
    }

    /// <summary>Until the view of the agents shows what the server has.</summary>
    public Task AgentsSeenAsync() =>
        Objects.UntilAsync(() => Locked(() => Same(_agents.Values, Agents.Store.All())), "the view of the agents");

    private void Put(V1Pod pod, string type)
    {
        pod.Metadata.ResourceVersion = $"{++_version}";
        Send(_agentWatches, type, Json(pod));
    }

    private static string Json(V1Pod pod) => JsonSerializer.Serialize(pod, EntityTypes.Pods.Json);

    /// <returns>False for what is none of the agents' affairs.</returns>
    private async Task<bool> AgentAsync(ScriptedRequest request, string[] path, Answer answer)
    {
        if (!IsOfAgents(path))
            return false;
        if (request.Method != "GET")
            AgentWrites.Enqueue($"{request.Method} {path[^1]}");
        switch (request.Method)
        {
            case "GET" when path[^1] == "pods":
                await answer.JsonAsync(Locked(() => List(_agents.Values.Select(Json))));
                return true;
            case "POST" when OnAgent is not null && await OnAgent(answer):
                return true;
            case "POST":
                await MakeAgentAsync(JsonSerializer.Deserialize(request.Body, EntityTypes.Pods.Json)!, answer);
                return true;
            case var method when OnAgentChange is not null && await OnAgentChange(method, answer):
                return true;
            default:
                await ChangeAgentAsync(request.Method, path[^1], JsonNode.Parse(request.Body)!, answer);
                return true;
        }
    }

    private Task MakeAgentAsync(V1Pod pod, Answer answer)
    {
        lock (_lock)
        {
            if (_agents.ContainsKey(pod.Metadata.Name))
                return answer.ErrorAsync(409, "AlreadyExists", "it is there");
            pod.Metadata.Uid = $"agent-uid-{_version}";
            pod.Metadata.CreationTimestamp = Clock.GetUtcNow().UtcDateTime;
            _agents[pod.Metadata.Name] = pod;
            Put(pod, "ADDED");
            return answer.JsonAsync(Json(pod));
        }
    }

    private Task ChangeAgentAsync(string method, string name, JsonNode body, Answer answer)
    {
        lock (_lock)
        {
            if (!_agents.TryGetValue(name, out var pod))
                return answer.ErrorAsync(404, "NotFound", "no such pod");
            var uid = (method == "PATCH" ? body["metadata"] : body["preconditions"])!["uid"]!.GetValue<string>();
            if (uid != pod.Metadata.Uid)
                return answer.ErrorAsync(409, "Conflict", "another");
            if (method == "PATCH")
            {
                foreach (var (key, value) in body["metadata"]!["annotations"]!.AsObject())
                    pod.Metadata.Annotations[key] = value!.GetValue<string>();
                Put(pod, "MODIFIED");
            }
            else
            {
                _agents.Remove(name);
                Send(_agentWatches, "DELETED", Json(pod));
            }
            return answer.JsonAsync(Json(pod));
        }
    }
}
