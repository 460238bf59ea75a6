// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import JSONText

/// Waits for a job, with a bar that shows how far it is.
struct JobWatch {
    let client: ClientOptions
    let job: String

    /// Waits for the end and tells what failed.
    ///
    /// - Throws: The exit code when not all of it succeeded.
    func end() throws {
        var bar: ProgressBar?
        var last: JSONValue = .null
        while true {
            let record = try client.json(
                "GET",
                "/jobs/\(ClientOptions.escaped(job))",
                fields: last == .null ? [] : [("Prefer", "wait=20")]
            )
            last = record
            let state = record["state"]?.string ?? ""
            let progress = record["progress"]
            let total = Int(progress?["total"]?.number?.exactInt64 ?? 0)
            bar = bar ?? ProgressBar(total: total)
            bar?.advance(to: Int(progress?["done"]?.number?.exactInt64 ?? 0))
            if ["succeeded", "partially-succeeded", "failed", "cancelled", "expired"].contains(state) {
                bar?.clear()
                try tell(state, progress, of: record)
                return
            }
            if state == "awaiting-confirmation" {
                bar?.clear()
                print("job \(job) waits for its confirmation: POST /jobs/\(job)/confirm")
                throw ClientOptions.Code.partial
            }
        }
    }

    /// Tells when an order found the supply switched already, so that nothing was sent.
    private func tellWhatWasDoneAlready(_ record: JSONValue) {
        guard let kind = record["kind"]?.string, ["disconnect", "reconnect"].contains(kind) else { return }
        let path = "/jobs/\(ClientOptions.escaped(job))/executions?limit=1000"
        let executions = (try? client.json("GET", path))?["items"]?.array ?? []
        for execution in executions where execution["result"]?["noop"] == .bool(true) {
            Terminal.tell("\(execution["meter"]?.string ?? "?"): it was in this state already, nothing was sent")
        }
    }

    private func tell(_ state: String, _ progress: JSONValue?, of record: JSONValue) throws {
        func count(_ name: String) -> Int64 { progress?[name]?.number?.exactInt64 ?? 0 }
        let others = ["failed", "unknown", "cancelled", "expired"].filter { count($0) > 0 }
        let words = (["succeeded"] + others).map { "\(count($0)) \($0)" }.joined(separator: ", ")
        print("job \(job) \(state): \(words)")
        guard state != "succeeded" else { return tellWhatWasDoneAlready(record) }
        if let problem = record["problem"] { ClientOptions.tell(problem) }
        var code = ClientOptions.Code.failed
        let path = "/jobs/\(ClientOptions.escaped(job))/executions?limit=1000"
        let executions = try client.json("GET", path)["items"]?.array ?? []
        for execution in executions {
            guard let problem = execution["problem"], !problem.isNull else { continue }
            let detail = problem["detail"]?.string ?? problem["title"]?.string ?? "it failed"
            Terminal.tell("\(execution["meter"]?.string ?? "?"): \(detail)")
            if executions.count == 1 { code = ClientOptions.code(of: problem) }
        }
        throw count("succeeded") > 0 ? ClientOptions.Code.partial : code
    }
}
