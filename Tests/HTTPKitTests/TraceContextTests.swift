// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import Testing
import Traces

@Suite("Trace context")
struct TraceContextTests {
    private static let trace = "0af7651916cd43dd8448eb211c80319c"
    private static let parent = "b7ad6b7169203331"

    @Test func `A trace is taken over with a new span, and the flag of its caller`() throws {
        for (flags, next) in [("01", "01"), ("00", "00"), ("03", "01"), ("ff", "01"), ("02", "00")] {
            let text = "00-\(Self.trace)-\(Self.parent)-\(flags)"
            let context = try #require(TraceContext(traceparent: text))
            #expect(context.traceID == Self.trace)
            #expect(context.spanID != Self.parent)
            #expect(context.traceparent == "00-\(Self.trace)-\(context.spanID)-\(next)")
            #expect(TraceContext(traceparent: context.traceparent)?.traceID == Self.trace)
        }
    }

    @Test(arguments: [
        "", "00", "00-\(trace)-\(parent)", "00-\(trace)-\(parent)-1", "00-\(trace)-\(parent)-01-what",
        "00-\(trace)-\(parent)-01-", "ff-\(trace)-\(parent)-01", "cc-\(trace)-\(parent)-01x",
        "0g-\(trace)-\(parent)-01",
        "00-00000000000000000000000000000000-\(parent)-01", "00-\(trace)-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-\(parent)-01", "00-\(trace)-\(parent)-0G", "00_\(trace)_\(parent)_01",
        "00-\(trace)x-\(parent)-01",
    ])
    func `What is malformed is ignored`(text: String) {
        #expect(TraceContext(traceparent: text) == nil)
    }

    @Test func `Of a later version the part is read that is known`() {
        #expect(TraceContext(traceparent: "cc-\(Self.trace)-\(Self.parent)-01-what")?.traceID == Self.trace)
        #expect(TraceContext(traceparent: "cc-\(Self.trace)-\(Self.parent)-01")?.traceID == Self.trace)
    }

    @Test func `A request answers with its trace, and ignores two of them`() async {
        let edge = HTTPEdge(RouteTable([]))
        let line = HTTPHeaders.Field(name: "traceparent", value: "00-\(Self.trace)-\(Self.parent)-01")
        func told(_ fields: [HTTPHeaders.Field]) async -> String? {
            await edge.respond(to: HTTPRequest(method: .get, rawTarget: "/", headers: HTTPHeaders(fields)))
                .headers["traceparent"]
        }
        #expect(await told([line])?.hasPrefix("00-\(Self.trace)-") == true)
        #expect(await told([line]) != line.value)
        #expect(await told([line, line]) == nil)
        #expect(await told([]) == nil)
    }
}
