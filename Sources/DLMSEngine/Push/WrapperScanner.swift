// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Cuts a stream into frames of the wrapper, and finds the next frame behind damage.
///
/// In step, a header is believed as it is. Behind noise one is looked for that is followed by an APDU that is pushed. A
/// frame had a wrong length if it holds another one as a whole, or if its content is no APDU and the beginning of another
/// frame is inside.
struct WrapperScanner: Sendable {
    enum Item: Hashable {
        case frame(WrapperFrame)
        /// So many octets that are no frame.
        case noise(Int)
    }

    /// How many places inside a frame are tried as the beginning of another; more are not worth the time.
    private static let mostCandidates = 8

    private let longest: Int
    private var pending: [UInt8] = []
    private var start = 0
    private var isInStep = true
    /// How far behind its start the frame at the front has been searched for another one.
    private var searched = 0
    private var candidates = 0

    /// - Parameter longest: the longest content of a frame.
    init(longest: Int) {
        self.longest = longest
    }

    var pendingCount: Int { pending.count - start }

    mutating func push(_ octets: some Collection<UInt8>) {
        if start > 0 {
            pending.removeSubrange(..<start)
            start = 0
        }
        pending.append(contentsOf: octets)
    }

    /// The next frame, or noise; nil when more octets are needed.
    mutating func next() -> Item? {
        let begin = start
        while true {
            switch header(at: start, mustBePushed: !isInStep) {
            case .needsMore:
                return start > begin ? .noise(start - begin) : nil
            case .none:
                isInStep = false
                moveOn(to: start + 1)
            case .content(let length):
                if start > begin { return .noise(start - begin) }
                let end = start + WrapperFrame.headerLength + length
                let holdsAnother = search(upTo: end)
                guard holdsAnother || end <= pending.count else { return nil }
                guard !holdsAnother, let frame = try? WrapperFrame(octets: pending[start..<end]),
                    candidates == 0 || (try? APDU(octets: frame.payload)) != nil
                else {
                    isInStep = false
                    moveOn(to: start + 1)
                    continue
                }
                isInStep = true
                moveOn(to: end)
                return .frame(frame)
            }
        }
    }

    private enum Header {
        case needsMore
        case none
        case content(Int)
    }

    private func header(at index: Int, mustBePushed: Bool) -> Header {
        let count = pending.count - index
        if count >= 1, pending[index] != 0 { return .none }
        if count >= 2, pending[index + 1] != 1 { return .none }
        guard count >= WrapperFrame.headerLength else { return .needsMore }
        let length = Int(pending[index + 6]) << 8 | Int(pending[index + 7])
        guard length <= longest else { return .none }
        guard mustBePushed else { return .content(length) }
        guard length > 0 else { return .none }
        guard count > WrapperFrame.headerLength else { return .needsMore }
        let tag = pending[index + WrapperFrame.headerLength]
        return PushMachine.isPushed(tag) || tag == 0xE0 ? .content(length) : .none
    }

    private mutating func moveOn(to index: Int) {
        start = index
        searched = 0
        candidates = 0
    }

    /// Looks for another frame inside the one at the front, as far as it has come; true once a whole one was found.
    private mutating func search(upTo end: Int) -> Bool {
        while candidates < Self.mostCandidates {
            let index = start + max(searched, WrapperFrame.headerLength + 1)
            guard index + WrapperFrame.headerLength < end else { return false }
            switch header(at: index, mustBePushed: true) {
            case .needsMore: return false
            case .none: break
            case .content(let length):
                let innerEnd = index + WrapperFrame.headerLength + length
                if innerEnd <= end {
                    guard innerEnd <= pending.count else { return false }
                    let content = pending[(index + WrapperFrame.headerLength)..<innerEnd]
                    if (try? APDU(octets: content)) != nil { return true }
                }
                candidates += 1
            }
            searched = index + 1 - start
        }
        return false
    }
}
