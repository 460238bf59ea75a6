// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import JSONText
import MeterSimulator
import MeterTransport
import Synchronization
import Testing
import Timekeeping

@Suite("Firmware")
struct FirmwareTests {
    private static let octets = ["Content-Type": "application/octet-stream"]

    private static func image(_ length: Int) -> [UInt8] {
        (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }

    private static func run(
        fault: ImageTransferState.Fault = .none,
        _ body: (APIBench, FirmwareMeter) async throws -> Void
    ) async throws {
        let meter = FirmwareMeter()
        try await APIBench.run(serving: meter.begin) { bench in
            meter.listener.withLock { $0 = bench.listener }
            if fault != .none {
                let body = #"{"value":\#(fault.rawValue)}"#
                let set = try await bench.send(.put, "/meters/M1/objects/0.0.128.44.0.255/attributes/2", body)
                #expect(set.status == 200)
            }
            try await bench.working { try await body(bench, meter) }
            meter.listener.withLock { $0 = nil }
        }
    }

    @Test func `An image is transferred, verified and put in force`() async throws {
        try await Self.run { bench, meter in
            let image = Self.image(5000)
            let made = try await bench.send(
                .post,
                "/meters/M1/firmware?identifier=v2.0",
                octets: image,
                headers: Self.octets
            )
            #expect(made.status == 202)
            #expect(made.json["kind"] == "firmware")
            let execution = try await bench.finishedExecution(of: try #require(made.headers["Location"]))
            #expect(execution["state"] == "succeeded")
            #expect(execution["result"]?["activated"] == true)
            #expect(execution["result"]?["blocks"] == 10)
            #expect(execution["progress"]?["total"] == 10)
            #expect(meter.state.image == image)
            #expect(meter.state.activeImage == Array("v2.0".utf8))
        }
    }

    @Test func `An image is forgotten once no job needs it`() async throws {
        try await Self.run { bench, _ in
            let made = try await bench.send(.post, "/meters/M1/firmware", octets: Self.image(500), headers: Self.octets)
            let execution = try await bench.finishedExecution(of: try #require(made.headers["Location"]))
            let digest = try #require(execution["result"]?["image"]?.string)
            #expect(try await bench.send(.delete, "/firmware/" + digest).status == 204)
            #expect(try await bench.send(.delete, "/firmware/" + digest).problem == "not-found")
            #expect(try await bench.send(.delete, "/firmware/v2").problem == "bad-parameter")
        }
        try await APIBench.run { bench in
            // Nobody works on jobs here.
            let made = try await bench.send(.post, "/meters/M1/firmware", octets: Self.image(500), headers: Self.octets)
            let digest = try #require(made.json["operation"]?["firmware"]?["image"]?.string, "\(made.text)")
            #expect(try await bench.send(.delete, "/firmware/" + digest).problem == "in-use")
        }
    }

    @Test func `An image of 256 kB goes through 20 broken links, each block sent once more at the most`() async throws {
        try await Self.run { bench, meter in
            let image = Self.image(256 * 1024)
            meter.breaks.withLock { $0 = Set((1...20).map { UInt32($0 * 25) }) }
            let made = try await bench.send(.post, "/meters/M1/firmware", octets: image, headers: Self.octets)
            let execution = try await bench.finishedExecution(of: try #require(made.headers["Location"]))
            #expect(execution["state"] == "succeeded")
            #expect(execution["result"]?["activated"] == true)
            let state = meter.state
            #expect(state.image == image)
            #expect(state.initiations == 1)
            #expect(state.arrivals.max() == 1)
            #expect(state.arrivals.reduce(0, +) == 512)
            #expect(meter.breaks.withLock { $0.isEmpty })
            #expect(bench.listener.counters.accepted >= 21)
        }
    }

    @Test func `Blocks that were lost before they arrived are sent once more and no others`() async throws {
        try await Self.run { bench, meter in
            let image = Self.image(64 * 1024)
            meter.losses.withLock { $0 = Set((1...12).map { UInt32($0 * 10) }) }
            let made = try await bench.send(.post, "/meters/M1/firmware", octets: image, headers: Self.octets)
            let execution = try await bench.finishedExecution(of: try #require(made.headers["Location"]))
            #expect(execution["state"] == "succeeded")
            #expect(execution["result"]?["blocksSent"] == 140)
            #expect(meter.state.image == image)
            #expect(meter.state.arrivals.max() == 1)
            #expect(meter.state.initiations == 1)
        }
    }

    @Test func `A transfer that was cancelled is resumed by the next order of the same image`() async throws {
        try await Self.run { bench, meter in
            let image = Self.image(64 * 1024)
            let query = "/meters/M1/firmware?identifier=v2"
            meter.losses.withLock { $0 = [64] }
            meter.staysDown.withLock { $0 = true }
            let first = try await bench.send(.post, query, octets: image, headers: Self.octets)
            let path = try #require(first.headers["Location"])
            while meter.losses.withLock({ !$0.isEmpty }) { try await Task.sleep(for: .milliseconds(2)) }
            _ = try await bench.send(.post, path + "/cancel")
            meter.comeBack()
            _ = try await bench.finishedExecution(of: path)
            let before = meter.state.arrivals.reduce(0, +)
            #expect(before == 64)
            let second = try await bench.send(.post, query, octets: image, headers: Self.octets)
            let execution = try await bench.finishedExecution(of: try #require(second.headers["Location"]))
            #expect(execution["state"] == "succeeded")
            #expect(execution["result"]?["resumed"] == true)
            #expect(execution["result"]?["blocksSent"] == 64)
            #expect(meter.state.initiations == 1)
            #expect(meter.state.image == image)
        }
    }

    @Test func `Another image is begun anew`() async throws {
        try await Self.run { bench, meter in
            for length in [3000, 4000] {
                let made = try await bench.send(
                    .post,
                    "/meters/M1/firmware?activate=false",
                    octets: Self.image(length),
                    headers: Self.octets
                )
                let execution = try await bench.finishedExecution(of: try #require(made.headers["Location"]))
                #expect(execution["result"]?["activated"] == false)
                #expect(meter.state.status == .verificationSuccessful)
            }
            #expect(meter.state.initiations == 2)
            #expect(meter.state.activeImage == [])
        }
    }

    @Test func `A meter that takes its time is asked again later`() async throws {
        try await Self.run(fault: .slow) { bench, meter in
            let made = try await bench.send(
                .post,
                "/meters/M1/firmware",
                octets: Self.image(1000),
                headers: Self.octets
            )
            let execution = try await bench.finishedExecution(of: try #require(made.headers["Location"]))
            #expect(execution["state"] == "succeeded")
            #expect(meter.state.status == .activationSuccessful)
        }
    }

    @Test func `Blocks that the meter is too busy for come again`() async throws {
        try await Self.run(fault: .busy) { bench, meter in
            let image = Self.image(10_000)
            let made = try await bench.send(.post, "/meters/M1/firmware", octets: image, headers: Self.octets)
            let execution = try await bench.finishedExecution(of: try #require(made.headers["Location"]))
            #expect(execution["state"] == "succeeded")
            #expect(meter.state.image == image)
        }
    }

    @Test(arguments: [ImageTransferState.Fault.badImage, .badActivation, .disabled])
    func `What the meter does not take is told`(fault: ImageTransferState.Fault) async throws {
        try await Self.run(fault: fault) { bench, meter in
            let made = try await bench.send(
                .post,
                "/meters/M1/firmware",
                octets: Self.image(1000),
                headers: Self.octets
            )
            let execution = try await bench.finishedExecution(of: try #require(made.headers["Location"]))
            #expect(execution["state"] == "failed")
            #expect(execution["problem"]?["type"] == "/docs/problems/image-rejected")
            #expect(meter.state.activeImage == [])
        }
    }

    @Test func `An order may name an image that was uploaded before`() async throws {
        try await Self.run { bench, meter in
            let image = Self.image(2000)
            let upload = try await bench.send(
                .post,
                "/meters/M1/firmware?activate=false",
                octets: image,
                headers: Self.octets
            )
            let path = try #require(upload.headers["Location"])
            _ = try await bench.finishedExecution(of: path)
            let digest = try #require(upload.json["operation"]?["firmware"]?["image"]?.string)
            let body = #"{"kind":"firmware","target":{"meters":["M1"]},"image":"\#(digest)"}"#
            let job = try await bench.send(.post, "/jobs", body)
            let execution = try await bench.finishedExecution(of: try #require(job.headers["Location"]))
            #expect(execution["result"]?["activated"] == true)
            #expect(meter.state.initiations == 1)
            let unknown = body.replacing(digest, with: String(repeating: "0", count: 64))
            #expect(try await bench.send(.post, "/jobs", unknown).problem == "not-found")
        }
    }
}

/// A simulated meter whose link breaks at given blocks.
private final class FirmwareMeter: ObjectServer {
    let listener = Mutex<MeterListener?>(nil)
    /// Blocks after which the link breaks, before they are confirmed.
    let breaks = Mutex<Set<UInt32>>([])
    /// Blocks that the link takes with it when it breaks.
    let losses = Mutex<Set<UInt32>>([])
    /// Whether the meter stays silent after a link broke.
    let staysDown = Mutex(false)
    private let meter = Mutex<SimulatedMeter?>(nil)

    func begin(_ clock: HandClock) -> any ObjectServer {
        var options = SimulatedFleet.Options()
        options.now = { clock.now().seconds }
        meter.withLock { $0 = SimulatedMeter(number: 0, options: options) }
        return self
    }

    var state: ImageTransferState { meter.withLock { $0?.imageTransfer } ?? ImageTransferState() }

    func comeBack() {
        staysDown.withLock { $0 = false }
        listener.withLock { $0?.setAnswering(.prompt) }
    }

    func association(for client: ClientAddress) -> AssociationTerms? {
        meter.withLock { $0?.association(for: client) }
    }

    func get(_ request: AttributeRequest, for client: ServedClient) -> GetResult {
        meter.withLock { $0?.get(request, for: client) } ?? .failure(.hardwareFault)
    }

    func set(_ request: AttributeRequest, to value: DLMSData, for client: ServedClient) -> DataAccessResult {
        meter.withLock { $0?.set(request, to: value, for: client) } ?? .hardwareFault
    }

    func invoke(_ method: MethodDescriptor, parameter: DLMSData?, for client: ServedClient) -> ActionOutcome {
        let block = Self.block(method, parameter)
        if let block, losses.withLock({ $0.remove(block) }) != nil {
            breakLink()
            return ActionOutcome(result: .hardwareFault)
        }
        let outcome = meter.withLock { $0?.invoke(method, parameter: parameter, for: client) }
        if let block, breaks.withLock({ $0.remove(block) }) != nil { breakLink() }
        return outcome ?? ActionOutcome(result: .hardwareFault)
    }

    /// The answer under way is held back, so that it goes down with the link.
    private func breakLink() {
        guard let listener = listener.withLock({ $0 }) else { return }
        listener.setAnswering(.held)
        Task {
            await listener.dropConnections()
            if !self.staysDown.withLock({ $0 }) { listener.setAnswering(.prompt) }
        }
    }

    private static func block(_ method: MethodDescriptor, _ parameter: DLMSData?) -> UInt32? {
        guard method.classID == 18, method.methodID == 2, case .structure(let members)? = parameter,
            case .doubleLongUnsigned(let number)? = members.first
        else { return nil }
        return number
    }
}
