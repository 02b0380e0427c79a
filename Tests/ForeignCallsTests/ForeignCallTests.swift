import ForeignCalls
import Support
import Testing
