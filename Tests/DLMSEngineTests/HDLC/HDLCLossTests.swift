// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

/// Counts, so that a wire can tell frames apart.
private final class Count {
    var value = 0
}

@Suite("HDLC on lines that lose and double frames")
struct HDLCLossTests {
    /// A value whose segments are all different.
    static let value = DLMSData.octetString((0..<600).map { UInt8(truncatingIfNeeded: $0 &* 7 / 3) })

    enum Damage: CaseIterable {
        case lost
        case doubled
        case wrongCheck
        case cut
        case behindNoise
    }

    static func damaged(_ octets: [UInt8], _ damage: Damage) -> [[UInt8]] {
        switch damage {
        case .lost: return []
        case .doubled: return [octets, octets]
        case .wrongCheck:
            var wrong = octets
            wrong[octets.count / 2] ^= 0x40
            return [wrong]
        case .cut: return [Array(octets.dropLast(octets.count / 2))]
        case .behindNoise: return [[0x7E, 0xA0, 0x55, 0x00, 0x7E, 0x11] + octets]
        }
    }

    @Test("Whichever frame is damaged, the value is read right", arguments: Damage.allCases, [1, 3, 7])
    func oneDamagedInReading(damage: Damage, window: Int) {
        for number in 1..<30 {
            let count = Count()
            let link = HDLCLinkSettings.test(information: 64, window: window)
            var pair = HDLCPair(link, meters: [meterWithLongValue(Self.value)]) { octets, _ in
                count.value += 1
                return count.value == number ? Self.damaged(octets, damage) : [octets]
            }
            #expect(pair.perform(.get([attribute()])) == .get([.data(Self.value.octets)]), "frame \(number)")
        }
    }

    @Test("Whichever frame is damaged, the value is written right", arguments: Damage.allCases, [1, 3, 7])
    func oneDamagedInWriting(damage: Damage, window: Int) {
        for number in 1..<30 {
            let count = Count()
            let meter = meterWithLongValue(.nullData)
            var pair = HDLCPair(.test(information: 64, window: window), meters: [meter]) { octets, _ in
                count.value += 1
                return count.value == number ? Self.damaged(octets, damage) : [octets]
            }
            #expect(pair.perform(.set([AttributeWrite(attribute(), value: Self.value)])) == .set([.success]))
            #expect(meter.stored(at: attribute()) == Self.value, "frame \(number)")
        }
    }

    @Test("Of the frames of the meter two in five may be lost", arguments: [1, 4, 7])
    func manyLost(window: Int) {
        var random = SplitMix(state: 5)
        var link = HDLCLinkSettings.test(information: 64, window: window)
        link.retries = 10
        var pair = HDLCPair(link, meters: [meterWithLongValue(Self.value)]) { octets, isToServer in
            !isToServer && Int.random(in: 0..<5, using: &random) < 2 ? [] : [octets]
        }
        #expect(pair.perform(.get([attribute()])) == .get([.data(Self.value.octets)]))
    }

    @Test("A request is never carried out twice, nor answered wrongly, whatever gets lost", arguments: 0..<300)
    func randomLoss(seed: Int) {
        var random = SplitMix(state: UInt64(seed) &* 0x9E37_79B9)
        let rate = Double.random(in: 0...0.35, using: &random)
        let window = Int.random(in: 1...7, using: &random)
        let information = [32, 48, 128, 500].randomElement(using: &random) ?? 128
        let meter = TestMeter()
        let wire: HDLCPair.Wire = { octets, _ in
            guard Double.random(in: 0..<1, using: &random) < rate else { return [octets] }
            return Self.damaged(octets, Damage.allCases.randomElement(using: &random) ?? .lost)
        }
        var pair = HDLCPair(.test(information: information, window: window), meters: [meter], wire: wire)
        guard pair.isAssociated else { return }
        for number in 0..<6 {
            let value = DLMSData.octetString((0..<(number * 90)).map { UInt8(truncatingIfNeeded: $0 &+ number) })
            let method = MethodDescriptor(classID: 9, instanceID: attribute().descriptor.instanceID, methodID: 1)
            let before = meter.invocations
            let response = pair.perform(.action(method, value))
            #expect(meter.invocations - before <= 1)
            guard let response else {
                #expect(pair.error != nil)
                return
            }
            #expect(response == .action(ActionOutcome(result: .success, returned: .data(value.octets))))
            #expect(meter.invocations - before == 1)
        }
    }
}
